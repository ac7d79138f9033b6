using System.Reflection;
using System.Runtime.InteropServices;

namespace Slipway.Engine.State;

/// <summary>Binds the SQLite provider to the distribution's maintained <c>libsqlite3.so.0</c> instead of a bundled copy.</summary>
internal static class SqliteLibrary
{
    private static readonly Lazy<bool> Bound = new(() =>
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
        return true;
    });

    /// <summary>Makes the provider ready; cheap after the first call.</summary>
    internal static void Bind() => _ = Bound.Value;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" ? NativeLibrary.Load("libsqlite3.so.0") : 0;
}
