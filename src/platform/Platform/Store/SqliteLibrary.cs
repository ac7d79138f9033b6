using System.Reflection;
using System.Runtime.InteropServices;

namespace Slipway.Platform.Store;

/// <summary>Binds SQLite's provider to the distribution's library.</summary>
internal static class SqliteLibrary
{
    static SqliteLibrary()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
    }

    /// <summary>Makes the provider ready.</summary>
    internal static void Bind() => System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(SqliteLibrary).TypeHandle);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" ? NativeLibrary.Load("libsqlite3.so.0") : 0;
}
